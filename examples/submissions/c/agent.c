/* Plays the first legal action of a fixed order: in tic-tac-toe the centre, then corners, then sides.
 *
 * Build: cc -O2 -o agent agent.c
 *
 * It looks at two fields of a question alone, "id" and "actions", and skips all others; no JSON library is needed for that.
 */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const long BEST_FIRST[] = {4, 0, 2, 6, 8, 1, 3, 5, 7};

/* The end of a string that begins at the quotation mark `at`. */
static const char *skip_string(const char *at)
{
    for (at++; *at && *at != '"'; at++)
        if (*at == '\\' && at[1])
            at++;
    return *at ? at + 1 : at;
}

/* The end of the value that begins at `at`. */
static const char *skip_value(const char *at)
{
    int depth = 0;
    while (*at) {
        if (*at == '"') {
            at = skip_string(at);
        } else if (*at == '[' || *at == '{') {
            depth++;
            at++;
        } else if (*at == ']' || *at == '}') {
            if (depth == 0)
                return at;
            depth--;
            at++;
        } else if (*at == ',' && depth == 0) {
            return at;
        } else {
            at++;
        }
    }
    return at;
}

/* The value of a field of the object `line`, or NULL. */
static const char *field(const char *line, const char *name)
{
    const char *at = strchr(line, '{');
    size_t length = strlen(name);
    while (at && (at = strchr(at + 1, '"'))) {
        const char *end = skip_string(at), *value = strchr(end, ':');
        if (!value)
            return NULL;
        value += 1 + strspn(value + 1, " ");
        if ((size_t)(end - at) == length + 2 && !strncmp(at + 1, name, length))
            return value;
        at = skip_value(value);
        if (*at != ',')
            return NULL;
    }
    return NULL;
}

static int listed(const char *actions, long wanted)
{
    for (const char *at = actions + 1; *at && *at != ']';) {
        char *end;
        if (strtol(at, &end, 10) == wanted && end != at)
            return 1;
        at = end == at ? at + 1 : end;
    }
    return 0;
}

int main(void)
{
    char *line = NULL;
    size_t size = 0;
    while (getline(&line, &size, stdin) > 0) {
        const char *id = field(line, "id"), *actions = field(line, "actions");
        if (!id) {
            puts("{\"type\": \"ready\"}");
        } else if (!actions || strspn(actions + 1, " ") != 0 || strchr("-0123456789", actions[1]) == NULL) {
            printf("{\"id\": %ld, \"error\": \"the actions are no listed numbers\"}\n", strtol(id, NULL, 10));
        } else {
            long action = strtol(actions + 1, NULL, 10);
            for (size_t i = 0; i < sizeof BEST_FIRST / sizeof *BEST_FIRST; i++)
                if (listed(actions, BEST_FIRST[i])) {
                    action = BEST_FIRST[i];
                    break;
                }
            printf("{\"id\": %ld, \"action\": %ld}\n", strtol(id, NULL, 10), action);
        }
        fflush(stdout);
    }
    return 0;
}
