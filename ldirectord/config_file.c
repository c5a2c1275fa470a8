/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finds, reads and parses ldirectord.cf, and prints what the parser says in the
 * words of the original. Changes nothing.
 */
#include "ldirectord/config_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "common/conf/lines.h"
#include "common/confine/identity.h"
#include "common/run/file.h"
#include "common/run/secret.h"
#include "common/run/trust.h"
#include "ldirectord/check/check.h"
#include "ldirectord/conf/ld_cf.h"
#include "ldirectord/door/door.h"
#include "ldirectord/door/names_told.h"
#include "ldirectord/logging.h"
#include "ldirectord/names.h"

static char *if_regular(char *path)
{
    if (g_file_test(path, G_FILE_TEST_IS_REGULAR))
        return path;
    g_free(path);
    return NULL;
}

char *ld_config_find(const char *name)
{
    char *path = if_regular(g_strconcat(HA_HADIR "/", name, NULL));

    if (path == NULL)
        path = if_regular(g_strconcat(HA_HADIR "/conf/", name, NULL));
    /* Absolute, because the daemon will stand in "/" when it reads the file again. */
    if (path == NULL)
        path = if_regular(g_canonicalize_filename(name, NULL));
    return path;
}

static void digest_of(const char *text, size_t length, char digest[65])
{
    char *sum = g_compute_checksum_for_data(G_CHECKSUM_SHA256, (const guchar *)text, length);

    g_strlcpy(digest, sum, 65);
    g_free(sum);
}

static gint by_place(gconstpointer a, gconstpointer b)
{
    const struct ha_diag *one = *(struct ha_diag *const *)a, *other = *(struct ha_diag *const *)b;

    if (one->line != other->line)
        return one->line < other->line ? -1 : 1;
    return one->column < other->column ? -1 : one->column > other->column;
}

/* What is said of a line as a whole points at its first word. diags are in the order of the text. */
static void point_at_words(const struct ha_diags *diags, const char *text)
{
    unsigned line = 1;

    for (guint i = 0; i < diags->list->len; i++) {
        struct ha_diag *diag = g_ptr_array_index(diags->list, i);

        while (line < diag->line && *text != '\0')
            line += *text++ == '\n';
        if (diag->line > 0 && diag->line == line && diag->column == 0)
            diag->column = (unsigned)strspn(text, " \t\r\f\v") + 1;
    }
}

/* Whether it can be opened for writing; it need not be there. */
static int try_file(const char *path)
{
    char *folder;
    int error = 0;

    if (access(path, F_OK) == 0)
        return g_file_test(path, G_FILE_TEST_IS_DIR) ? EISDIR : access(path, W_OK) == 0 ? 0 : errno;
    folder = g_path_get_dirname(path);
    if (access(folder, W_OK | X_OK) != 0)
        error = errno;
    else if (!g_file_test(folder, G_FILE_TEST_IS_DIR))
        error = ENOTDIR;
    g_free(folder);
    return error;
}

/* The same, as the log is opened. Leaves an empty file. */
static int make_file(const char *path)
{
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_NOCTTY | O_NONBLOCK | O_CLOEXEC, 0644);

    if (fd < 0)
        return errno;
    close(fd);
    return 0;
}

static bool is_fault(int error, unsigned looks)
{
    return error != 0 && !(looks & LD_LOOK_ONLY && error == EACCES && geteuid() != 0);
}

static void look_at_monitor_files(const char *path, const struct ld_config *config, unsigned looks,
                                  struct ha_diags *diags)
{
    for (guint i = 0; i < config->services->len; i++) {
        const struct ld_service *service = g_ptr_array_index(config->services, i);
        int error = service->monitorfile != NULL ? try_file(service->monitorfile) : 0;

        if (is_fault(error, looks))
            ha_diag_add(diags, HA_ERROR, path, service->monitorfile_line, 0,
                        "unable to open monitorfile %s: %s", service->monitorfile,
                        g_strerror(error));
    }
}

static void look_at_log(const char *path, const struct ld_config *config, unsigned looks,
                        struct ha_diags *diags)
{
    const char *logfile = config->logfile;
    int error = 0;

    if (logfile == NULL)
        return;
    if (logfile[0] == '/')
        error = looks & LD_LOOK_ONLY ? try_file(logfile) : make_file(logfile);
    else if (!ld_logging_facility(logfile))
        ha_diag_add(diags, HA_WARNING, path, config->logfile_line, config->logfile_column,
                    "logfile: expected a path or a syslog facility, found \"%s\"; it will be "
                    "daemon", logfile);
    if (is_fault(error, looks))
        ha_diag_add(diags, HA_ERROR, path, config->logfile_line, config->logfile_column,
                    "unable to open logfile: %s: %s", logfile, g_strerror(error));
}

static void look_at_clients(const char *path, const struct ld_config *config, struct ha_diags *diags)
{
    for (guint i = 0; i < config->services->len; i++) {
        const struct ld_service *service = g_ptr_array_index(config->services, i);
        char *why = NULL;

        if (ld_check_prepare(service, &why) != 0)
            ha_diag_add(diags, HA_ERROR, path, service->app_line, service->app_column,
                        "service = %s cannot be checked: %s", ld_app_name(service->app), why);
        g_free(why);
    }
}

static void look_for_user(const char *path, const char *word, const char *name, unsigned line,
                          struct ha_diags *diags)
{
    struct ha_identity who;

    if (name != NULL && ha_identity_find(&who, name) != 0)
        ha_diag_add(diags, HA_ERROR, path, line, 0, "%s: there is no user \"%s\"", word, name);
}

static bool has_secrets(const struct ld_config *config)
{
    for (guint i = 0; i < config->services->len; i++) {
        const struct ld_service *service = g_ptr_array_index(config->services, i);

        if (service->passwd != NULL || service->secret != NULL)
            return true;
    }
    return false;
}

/* What is obeyed and run as root. */
static void look_at_rights(const char *path, const struct stat *stat, const struct ld_config *config,
                           struct ha_diags *diags)
{
    struct ha_trust_at at = {.file = path};

    ha_trust_file(path, HA_ERROR, at, diags);
    if (has_secrets(config))
        ha_trust_secret(path, stat, at, diags);
    if (config->callback != NULL)
        ha_trust_file(config->callback, HA_ERROR, at, diags);
    if (config->maintenancedir != NULL)
        ha_trust_folder(config->maintenancedir, HA_WARNING,
                        (struct ha_trust_at){path, config->maintenancedir_line, 0}, diags);
    if (config->keeporders)
        ha_trust_folder(HA_VARLIB, HA_WARNING, at, diags);
    for (guint i = 0; i < config->services->len; i++) {
        const struct ld_service *service = g_ptr_array_index(config->services, i);

        at.line = service->line;
        if (service->checktype == LD_CHECK_EXTERNAL || service->checktype == LD_CHECK_EXTERNAL_PERL)
            ha_trust_file(service->checkcommand, HA_ERROR, at, diags);
        ha_trust_command(service->fallbackcommand, HA_ERROR, at, diags);
    }
}

/* No error, as ever: it may be on a disk that is mounted later. */
static void look_for_programs(const char *path, const struct ld_config *config, struct ha_diags *diags)
{
    for (guint i = 0; i < config->services->len; i++) {
        const struct ld_service *service = g_ptr_array_index(config->services, i);
        bool perl = service->checktype == LD_CHECK_EXTERNAL_PERL;

        if ((perl || service->checktype == LD_CHECK_EXTERNAL) &&
            access(service->checkcommand, perl ? R_OK : X_OK) != 0)
            ha_diag_add(diags, HA_WARNING, path, service->line, 0,
                        "checkcommand: expected a file that can be %s, found \"%s\" (%s): its servers "
                        "cannot come up%s", perl ? "read" : "executed", service->checkcommand,
                        g_strerror(errno),
                        strchr(service->checkcommand, ' ') != NULL ? "; the whole is one path, without arguments"
                                                                   : "");
    }
}

void ld_config_look(const char *path, const struct stat *stat, const struct ld_config *config,
                    unsigned looks, struct ha_diags *diags)
{
    if (looks & LD_LOOK_FILES) {
        look_at_rights(path, stat, config, diags);
        look_at_monitor_files(path, config, looks, diags);
        look_for_programs(path, config, diags);
    }
    if (looks & LD_LOOK_LOG && !config->supervised)
        look_at_log(path, config, looks, diags);
    look_for_user(path, "checkuser", config->checkuser, config->checkuser_line, diags);
    look_for_user(path, "scriptuser", config->scriptuser, config->scriptuser_line, diags);
    if (config->maintenancedir != NULL &&
        !g_file_test(config->maintenancedir, G_FILE_TEST_IS_DIR))
        ha_diag_add(diags, HA_WARNING, path, config->maintenancedir_line, 0,
                    "maintenance directory does not exist: %s", config->maintenancedir);
}

/* ---- reading ---- */

static int open_config(const char *path)
{
    return ld_door_open(LD_FILE_CONFIG, path);
}

int ld_config_read(const char *path, struct ld_content *content, GBytes **text)
{
    int fd = open_config(path), error = MIN(fd, 0);
    char *bytes = NULL;
    size_t length = 0;

    if (error == 0)
        error = ha_file_read_fd(fd, HA_CONF_MAX, &bytes, &length, &content->stat);
    if (error != 0)
        return error;
    digest_of(bytes, length, content->digest);
    *text = ha_secret_text(bytes, length);
    return 0;
}

struct asking {
    const char *path;
    struct ha_diags *diags;
};

static void add_diag(void *ctx, bool warning, unsigned line, unsigned column, const char *text)
{
    struct asking *asking = ctx;

    ha_diag_add(asking->diags, warning ? HA_WARNING : HA_ERROR, asking->path, line, column, "%s", text);
}

/* The keeper reads the same text itself, and looks around where this process cannot. -EAGAIN: the file is
 * another already. */
static int ask_keeper(const char *path, const struct ld_content *content, unsigned looks,
                      const GByteArray *notes, struct ha_diags *diags)
{
    struct asking asking = {.path = path, .diags = diags};
    int error = ld_door_prepare(looks, content->digest, notes->data, notes->len, add_diag, &asking);

    if (error != 0 && error != -EAGAIN)
        ha_diag_add(diags, HA_ERROR, path, 0, 0, "the process that keeps the table cannot read it: %s",
                    g_strerror(-error));
    return error;
}

/* How often a file may change while it is read. */
#define READ_TRIES 5

struct loading {
    const struct ld_config *prior; /* NULL: none */
    const char *path;
    struct ld_content *content;
    unsigned looks;
    struct ha_diags *diags;
    bool changed; /* the file, meanwhile */
};

static struct ld_config *parse_and_look(struct loading *loading, GBytes *text)
{
    GByteArray *notes = g_byte_array_new(); /* the answers to the names in it */
    struct ld_names_told told = {.below = &ld_system_names, .notes = notes};
    const struct ld_names noting = ld_names_noting(&told);
    struct ha_diags *diags = loading->diags;
    unsigned errors = diags->errors;
    struct ld_config *config = ld_cf_parse_again(loading->prior, loading->path, text, &noting, diags);

    if (!ld_door_divided())
        ld_config_look(loading->path, &loading->content->stat, config, loading->looks, diags);
    else if (diags->errors == errors)
        loading->changed =
            ask_keeper(loading->path, loading->content, loading->looks, notes, diags) == -EAGAIN;
    if (loading->looks & LD_LOOK_CLIENTS)
        look_at_clients(loading->path, config, diags);
    g_byte_array_unref(notes);
    if (diags->errors > errors || loading->changed) {
        ld_config_free(config);
        config = NULL;
    }
    return config;
}

static struct ld_config *load_once(struct loading *loading)
{
    struct ld_config *config;
    GBytes *text;
    int error = ld_config_read(loading->path, loading->content, &text);

    loading->changed = false;
    if (error != 0) {
        ha_diag_add(loading->diags, HA_ERROR, loading->path, 0, 0, "cannot be read: %s",
                    g_strerror(-error));
        return NULL;
    }
    config = parse_and_look(loading, text);
    g_ptr_array_sort(loading->diags->list, by_place); /* what is found out late stands among the rest */
    point_at_words(loading->diags, g_bytes_get_data(text, NULL)); /* NUL-terminated */
    g_bytes_unref(text);
    return config;
}

struct ld_config *ld_config_load_again(const struct ld_config *prior, const char *path,
                                       struct ld_content *content, unsigned looks, struct ha_diags *diags)
{
    struct loading loading = {.prior = prior, .path = path, .content = content, .looks = looks,
                              .diags = diags, .changed = true};
    struct ld_config *config = NULL;

    for (int i = 0; loading.changed && i < READ_TRIES; i++)
        config = load_once(&loading);
    if (loading.changed)
        ha_diag_add(diags, HA_ERROR, path, 0, 0, "changes again and again while it is read");
    return config;
}

struct ld_config *ld_config_load(const char *path, struct ld_content *content, unsigned looks,
                                 struct ha_diags *diags)
{
    return ld_config_load_again(NULL, path, content, looks, diags);
}

bool ld_same_dates(const struct stat *a, const struct stat *b)
{
    return a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
           a->st_size == b->st_size && a->st_ino == b->st_ino && a->st_dev == b->st_dev;
}

/* By the keeper only where this process may not look into the folder. */
static bool look_at_dates(const char *path, struct stat *now)
{
    int fd;
    bool seen;

    if (stat(path, now) == 0)
        return true;
    fd = errno == EACCES && ld_door_divided() ? open_config(path) : -1;
    seen = fd >= 0 && fstat(fd, now) == 0;
    if (fd >= 0)
        close(fd);
    return seen;
}

bool ld_content_touched(const char *path, const struct ld_content *content, struct stat *now)
{
    return look_at_dates(path, now) && !ld_same_dates(now, &content->stat);
}

char *ld_diag_classic(const struct ha_diag *diag)
{
    const char *word = diag->severity == HA_WARNING ? "Warning" : "Error";

    if (diag->line > 0 && diag->column > 0)
        return g_strdup_printf("%s [%d] reading file %s at line %u: %s (column %u)", word,
                               (int)getpid(), diag->file, diag->line, diag->text, diag->column);
    if (diag->line == 0)
        return g_strdup_printf("%s [%d] reading file %s: %s", word, (int)getpid(), diag->file,
                               diag->text);
    return g_strdup_printf("%s [%d] reading file %s at line %u: %s", word, (int)getpid(),
                           diag->file, diag->line, diag->text);
}
