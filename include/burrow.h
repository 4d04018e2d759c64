#include <burrow/burrow.h>
