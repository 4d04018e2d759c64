/* mounts.c: see mounts.h. */
#include "os/mounts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <burrow/err.h>

#define PIECE 16384

static char *read_all(const char *path)
{
    FILE *f = fopen(path, "re");
    size_t n = 0, got;
    char *text = malloc(1);
    do {
        text = realloc(text, n + PIECE + 1);
        bw_must(text);
        got = f ? fread(text + n, 1, PIECE, f) : 0;
        n += got;
    } while (got);
    text[n] = 0;
    if (f)
        fclose(f);
    return text;
}

void mounts_read(struct mounts *m)
{
    mounts_parse(m, read_all("/proc/self/mountinfo"));
}

/* "\040" is a space: octal, three digits. */
static void unescape(char *s)
{
    char *to = s;
    for (; *s; s++) {
        if (*s == '\\' && s[1] && s[2] && s[3]) {
            *to++ = (char)((s[1] - '0') * 64 + (s[2] - '0') * 8 + (s[3] - '0'));
            s += 3;
        } else {
            *to++ = *s;
        }
    }
    *to = 0;
}

/* "36 25 0:31 / /sys/fs/cgroup rw,nosuid …": the fifth word. NULL: there is none. */
static char *fifth(char *line)
{
    char *rest = NULL, *word = strtok_r(line, " ", &rest);
    for (int i = 1; word && i < 5; i++)
        word = strtok_r(NULL, " ", &rest);
    if (word)
        unescape(word);
    return word;
}

void mounts_parse(struct mounts *m, char *text)
{
    char *rest = NULL;
    *m = (struct mounts){.text = text};
    for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        char *at = fifth(line);
        if (!at)
            continue;
        if (m->n % 64 == 0)
            m->at = realloc(m->at, (m->n + 64) * sizeof *m->at);
        bw_must(m->at);
        m->at[m->n++] = at;
    }
}

void mounts_release(struct mounts *m)
{
    free(m->at);
    free(m->text);
    *m = (struct mounts){.text = NULL};
}

static bool lies_in(const char *path, const char *at, size_t n)
{
    if (n == 1)
        return path[0] == '/';
    return !strncmp(path, at, n) && (path[n] == '/' || !path[n]);
}

/* Of those of one path the last is what one sees. */
const char *mounts_find(const struct mounts *m, const char *path)
{
    const char *best = NULL;
    size_t longest = 0;
    for (size_t i = 0; i < m->n; i++) {
        size_t n = strlen(m->at[i]);
        if (n >= longest && n && lies_in(path, m->at[i], n)) {
            best = m->at[i];
            longest = n;
        }
    }
    return best;
}
