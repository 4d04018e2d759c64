/* openapi_schema.h: tables, columns and parameters as JSON Schema (2020-12, as OpenAPI 3.1 uses).
 */
#ifndef REST_OPENAPI_SCHEMA_H
#define REST_OPENAPI_SCHEMA_H

#include <burrow/service.h>

#include "orm/table.h"

/* The members of components/schemas for one table: "Article" as answered, "Article.New" and
 * "Article.Change" as taken. */
void schema_table(struct bw_json_writer *w, const struct table *t);
/* {"$ref":"#/components/schemas/Article" + suffix} */
void schema_ref(struct bw_json_writer *w, const char *name, const char *suffix);
void schema_problem(struct bw_json_writer *w); /* the error body, its value only */
/* One parameter or result of a method; results may be null. */
void schema_param(struct bw_json_writer *w, const struct bw_param *p, bool may_be_null);
/* All parameters by place, and by name. */
void schema_params_array(struct bw_json_writer *w, const struct bw_param *list, bool results);
void schema_params_object(struct bw_json_writer *w, const struct bw_param *list);
void schema_text(struct bw_json_writer *w, const char *key, const char *value);

#endif
