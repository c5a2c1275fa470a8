/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Arguments that mean something by their place (positional.h). */
#include "resource.d/ocf/positional.h"

#include <string.h>

static const struct ocf_positional table[] = {
    {"AudibleAlarm", 0, {"nodelist"}, true},
    {"Filesystem", 2, {"device", "directory", "fstype", "options"}, false},
    {"ICP", 2, {"driveid", "device"}, false},
    {"IPsrcaddr", 1, {"ipaddress"}, false},
    {"LVM", 1, {"volgrpname"}, false},
    {"LinuxSCSI", 1, {"scsi"}, false},
    {"MailTo", 1, {"email", "subject"}, false},
    {"Raid1", 2, {"raidconf", "raiddev"}, false},
    {"ServeRAID", 2, {"serveraid", "mergegroup"}, false},
    {"Xinetd", 1, {"service"}, false},
    {"apache", 0, {"configfile"}, false},
    {"db2", 1, {"instance"}, false},
    {"ids", 0, {"informixdir", "informixserver", "onconfig"}, false},
    {"portblock", 3, {"protocol", "portno", "action"}, false},
};

const struct ocf_positional *ocf_positional_find(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(table); i++) {
        if (strcmp(table[i].name, name) == 0)
            return &table[i];
    }
    return NULL;
}

bool ocf_positional_read(const struct ocf_positional *positional, char *const *values,
                         unsigned count, GPtrArray *arguments)
{
    unsigned known = g_strv_length((char **)positional->parameters);

    if (count < positional->required || (count > known && !positional->rest))
        return false;
    for (unsigned i = 0; i < known && i < count; i++) {
        bool takes_rest = positional->rest && i + 1 == known;
        char *value = takes_rest ? g_strjoinv(" ", (char **)values + i) : g_strdup(values[i]);

        if (*value != '\0')
            g_ptr_array_add(arguments,
                            g_strdup_printf("%s=%s", positional->parameters[i], value));
        g_free(value);
    }
    return true;
}

char *ocf_positional_usage(const struct ocf_positional *positional)
{
    GString *usage = g_string_new(NULL);

    for (unsigned i = 0; positional->parameters[i]; i++) {
        bool required = i < positional->required;

        g_string_append_printf(usage, "%s%s%s%s%s", i > 0 ? " " : "", required ? "" : "[",
                               positional->parameters[i],
                               positional->rest && !positional->parameters[i + 1] ? "..." : "",
                               required ? "" : "]");
    }
    return g_string_free(usage, FALSE);
}
