/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an OCF agent says of itself, up to a NUL; behind that are the arguments of
 * a resource, one a line, held against it.
 */
#include "resource.d/ocf/metadata.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_rest rest = {data, size}, xml = {data, 0}, line;
    GPtrArray *arguments = g_ptr_array_new_with_free_func(g_free);
    GString *faults = g_string_new(NULL), *warnings = g_string_new(NULL);
    struct ocf_metadata *metadata;
    char *why = NULL;

    fuzz_until(&rest, '\0', &xml);
    while (fuzz_until(&rest, '\n', &line))
        g_ptr_array_add(arguments, g_strndup((const char *)line.at, line.left));
    metadata = ocf_metadata_parse((const char *)xml.at, xml.left, &why);
    fuzz_must((metadata == NULL) == (why != NULL));
    if (metadata != NULL) {
        fuzz_must(metadata->parameters->len <= OCF_PARAMETERS_MAX);
        ocf_metadata_check(metadata, arguments, faults, warnings);
        ocf_metadata_free(metadata);
    }
    g_free(why);
    g_string_free(faults, TRUE);
    g_string_free(warnings, TRUE);
    g_ptr_array_unref(arguments);
    return 0;
}
