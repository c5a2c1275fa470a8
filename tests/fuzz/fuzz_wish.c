/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Orders to ldirectord: as words on the control socket, and as the file they are
 * kept in, which is read back as it was written.
 */
#include "ldirectord/conf/ld_cf.h"
#include "ldirectord/core/core_inside.h"
#include "ldirectord/core/wish.h"
#include "tests/fakes/fake_names.h"
#include "tests/fuzz/fuzz.h"

static const char cf[] = "virtual=10.0.0.9:80\n\treal=10.0.0.1:80 gate\n\treal=10.0.0.2:80 masq 3\n"
                         "virtual=1\n\treal=10.0.0.1:80 gate\n"
                         "virtual=10.0.0.9:53\n\treal=10.0.0.2:53 ipip\n\tprotocol=udp\n";

/* A core that knows the servers above. */
static struct ld_core *start_core(struct ld_config **config)
{
    struct ha_diags diags;
    struct ld_actions actions;
    struct ld_core *core;

    ha_diags_init(&diags);
    *config = ld_cf_parse("ldirectord.cf", cf, strlen(cf), &fake_names, &diags);
    fuzz_must(*config != NULL);
    ha_diags_clear(&diags);
    core = ld_core_new(*config, 1);
    ld_actions_init(&actions);
    ld_core_step(core, 1000000000, &(struct ld_event){.kind = LD_EV_START}, &actions);
    ld_actions_clear(&actions);
    return core;
}

static void try_words(const struct ld_core *core, const char *line)
{
    char **words = g_strsplit(line, "\t", -1), *why = NULL;
    struct ld_wish wish;

    if (ld_wish_parse(&wish, words, core->model, &why)) {
        char *text = ld_wish_text(&wish);

        fuzz_must(text != NULL && ld_wish_count(&wish, core->model) > 0);
        g_free(text);
    } else {
        fuzz_must(why != NULL);
    }
    g_free(why);
    g_strfreev(words);
}

static void try_file(const char *text)
{
    struct ld_wishes wishes, again;
    GString *first = g_string_new(NULL), *second = g_string_new(NULL);

    ld_wishes_init(&wishes);
    ld_wishes_init(&again);
    (void)ld_wishes_read(&wishes, text);
    fuzz_must(wishes.list->len <= LD_WISHES_MAX);
    ld_wishes_print(&wishes, first);
    fuzz_must(ld_wishes_read(&again, first->str) == 0);
    ld_wishes_print(&again, second);
    fuzz_must(strcmp(first->str, second->str) == 0);
    ld_wishes_clear(&wishes);
    ld_wishes_clear(&again);
    g_string_free(first, TRUE);
    g_string_free(second, TRUE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct ld_config *config;
    static struct ld_core *core;
    char *text = g_strndup((const char *)data, size);
    struct fuzz_rest rest = {data, size}, piece;

    if (core == NULL)
        core = start_core(&config);
    try_file(text);
    g_free(text);
    while (fuzz_until(&rest, '\n', &piece)) {
        text = g_strndup((const char *)piece.at, piece.left);
        try_words(core, text);
        g_free(text);
    }
    return 0;
}
