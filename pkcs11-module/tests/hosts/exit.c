/* A host that still signs while it exits: from a handler that it registered before or after it loaded the module, or from
   a destructor, finalising afterwards or not. Writes what the module answered. */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef unsigned long ul;
typedef struct { ul type; void *value; ul length; } attribute;
typedef struct { ul mechanism; void *parameter; ul length; } mechanism;
/* The 2.40 table: a version, then 68 functions in the order of the standard. */
typedef struct { unsigned char major, minor; ul (*entry[68])(); } table;
enum { INITIALIZE = 0, FINALIZE = 1, SLOT_LIST = 4, OPEN = 12, LOGIN = 18, FIND_INIT = 26, FIND = 27, FIND_FINAL = 28,
       SIGN_INIT = 42, SIGN = 43 };

static table *module;
static ul session, key;
static const char *when, *finalize;

static ul sign(void)
{
    mechanism sha256_rsa = { 0x40, NULL, 0 };
    unsigned char signature[1024];
    ul length = sizeof signature;
    ul answer = module->entry[SIGN_INIT](session, &sha256_rsa, key);
    return answer ? answer : module->entry[SIGN](session, "message", 7UL, signature, &length);
}

static void leave(void)
{
    /* An exit that takes longer than a second counts as one that hangs. */
    alarm(1);
    printf("sign %#lx\n", sign());
    if (strcmp(finalize, "finalize") == 0)
        printf("finalize %#lx\n", module->entry[FINALIZE](NULL));
    fflush(stdout);
}

__attribute__((destructor)) static void destructor(void)
{
    if (when && strcmp(when, "destructor") == 0)
        leave();
}

int main(int count, char **arguments)
{
    ul class = 3, yes = 1, slot, found, one = 1;
    attribute wanted[] = { { 0, &class, sizeof class }, { 0x108, &yes, 1 } };
    ul (*get)(table **);
    if (count != 5)
        return 2;
    when = arguments[3];
    finalize = arguments[4];
    if (strcmp(when, "before") == 0)
        atexit(leave);
    void *library = dlopen(arguments[1], RTLD_NOW);
    if (!library || !(*(void **)&get = dlsym(library, "C_GetFunctionList")) || get(&module))
        return 3;
    if (module->entry[INITIALIZE](NULL) || module->entry[SLOT_LIST](1, &slot, &one)
        || module->entry[OPEN](slot, 4UL, NULL, NULL, &session)
        || module->entry[LOGIN](session, 1UL, arguments[2], (ul)strlen(arguments[2]))
        || module->entry[FIND_INIT](session, wanted, 2UL) || module->entry[FIND](session, &key, 1UL, &found) || found != 1
        || module->entry[FIND_FINAL](session) || sign())
        return 4;
    if (strcmp(when, "after") == 0)
        atexit(leave);
    return 0;
}
