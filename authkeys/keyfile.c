/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The key file: text to struct. Every fault is reported with its line, and no
 * message ever repeats a word that could be a key: a method is shown only
 * where a further word follows it, and a line that begins with neither "auth"
 * nor a number is not shown at all. What held a key is wiped.
 */
#include "authkeys/authkeys.h"

#include <glib.h>
#include <string.h>

#include "common/conf/lines.h"
#include "common/conf/value.h"

#define BLANKS "\t \v\f\r"

/* As long as the lines of the original may be. */
#define LINE_MAX_BYTES 5119

/* What is known while reading. */
struct reader {
    struct ak_keys *keys;
    struct ha_diags *diags;
    const char *file;
    unsigned line;
    unsigned auth_line;             /* 0: no auth line yet */
    unsigned key_lines[AK_KEYS_MAX]; /* 0: no such key yet */
};

static void wipe_key(struct ak_key *key)
{
    if (key->text)
        explicit_bzero(key->text, key->length);
    g_free(key->text);
    ak_key_end(key);
    memset(key, 0, sizeof(*key));
}

void ak_keys_clear(struct ak_keys *keys)
{
    for (int i = 0; i < AK_KEYS_MAX; i++)
        wipe_key(&keys->keys[i]);
    keys->sending = 0;
}

static void G_GNUC_PRINTF(3, 4) report(struct reader *reader, enum ha_severity severity,
                                       const char *format, ...)
{
    va_list args;

    va_start(args, format);
    ha_diag_addv(reader->diags, severity, reader->file, reader->line, 0, format, args);
    va_end(args);
}

static void read_auth(struct reader *reader, char *rest)
{
    const char *word = ha_word(&rest, BLANKS);
    uint64_t index;

    if (!word || !ha_value_uint(word, 0, AK_KEYS_MAX - 1, &index)) {
        report(reader, HA_ERROR, "auth: expected the number of a key, 0 to %d, found %s",
               AK_KEYS_MAX - 1, word ? "something else" : "nothing");
        return;
    }
    if (reader->auth_line > 0)
        report(reader, HA_WARNING, "auth: already set to %d in line %u; this line counts",
               reader->keys->sending, reader->auth_line);
    reader->keys->sending = (int)index;
    reader->auth_line = reader->line;
}

/* The words after the index: a method, and a key unless the method is crc. */
static bool read_method_and_key(struct reader *reader, unsigned index, char *rest,
                                struct ak_key *key)
{
    const char *method = ha_word(&rest, BLANKS);
    const char *text = ha_word(&rest, BLANKS);

    if (!method || !ak_method_find(method, &key->method)) {
        char *found = method && text ? g_strdup_printf("\"%s\"", method)
                                     : g_strdup(method ? "something else" : "nothing");

        report(reader, HA_ERROR, "key %u: expected a method: sha512, sha256, sha1, md5 or crc, found %s", index,
               found);
        g_free(found);
        return false;
    }
    if (key->method == AK_CRC) {
        if (text && text[0] != '#') {
            report(reader, HA_ERROR, "key %u: crc has no key, found one", index);
            return false;
        }
        return true;
    }
    if (!text) {
        report(reader, HA_ERROR, "key %u: expected a key after %s, found nothing", index,
               ak_method_name(key->method));
        return false;
    }
    key->length = strlen(text);
    if (key->length > AK_KEY_MAX) {
        report(reader, HA_ERROR, "key %u: expected a key of at most %d bytes, found %zu", index,
               AK_KEY_MAX, key->length);
        return false;
    }
    key->text = g_memdup2(text, key->length + 1);
    return true;
}

static void read_key(struct reader *reader, const char *number, char *rest)
{
    struct ak_key key = {.method = AK_NONE};
    uint64_t index;

    if (!ha_value_uint(number, 0, AK_KEYS_MAX - 1, &index)) {
        report(reader, HA_ERROR, "expected a key number from 0 to %d, found a larger one",
               AK_KEYS_MAX - 1);
        return;
    }
    if (!read_method_and_key(reader, (unsigned)index, rest, &key)) {
        /* Known to exist, so that the auth line gets no second message. */
        reader->key_lines[index] = reader->line;
        return;
    }
    if (reader->key_lines[index] > 0)
        report(reader, HA_WARNING, "key %u: already in line %u; this line counts",
               (unsigned)index, reader->key_lines[index]);
    wipe_key(&reader->keys->keys[index]);
    ak_key_begin(&key);
    reader->keys->keys[index] = key;
    reader->key_lines[index] = reader->line;
}

static void read_line(struct reader *reader, char *line)
{
    char *rest = line;
    const char *word = ha_word(&rest, BLANKS);

    if (!word || word[0] == '#')
        return;
    if (strcmp(word, "auth") == 0)
        read_auth(reader, rest);
    else if (strspn(word, "0123456789") == strlen(word))
        read_key(reader, word, rest);
    else
        report(reader, HA_ERROR,
               "expected \"auth NUMBER\", \"NUMBER METHOD KEY\" or a comment, "
               "found something else");
}

/* What only the whole file shows. */
static void check_whole(struct reader *reader)
{
    const struct ak_key *sending = &reader->keys->keys[reader->keys->sending];

    reader->line = reader->auth_line;
    if (reader->auth_line == 0)
        report(reader, HA_ERROR,
               "expected a line \"auth NUMBER\" that names the key to send with, found none");
    else if (reader->key_lines[reader->keys->sending] == 0)
        report(reader, HA_ERROR, "auth: expected a key %d in this file, found none",
               reader->keys->sending);
    else if (sending->method == AK_CRC)
        report(reader, HA_WARNING,
               "auth: crc finds accidents only: whoever reaches the network can send in the "
               "cluster's name");
}

bool ak_keys_parse(struct ak_keys *out, const char *file, const char *text, size_t length,
                   mode_t mode, struct ha_diags *diags)
{
    struct reader reader = {.keys = out, .diags = diags, .file = file};
    unsigned errors_before = diags->errors;
    struct ha_lines lines;
    char *line;

    memset(out, 0, sizeof(*out));
    if (mode & (S_IRGRP | S_IROTH))
        report(&reader, HA_ERROR,
               "expected a file that only its owner can read, found mode %04o: "
               "chmod 600 %s",
               (unsigned)(mode & 07777), file);
    ha_lines_init(&lines, file, text, length, LINE_MAX_BYTES, diags);
    /* Large enough from the start: growing would leave pieces of keys behind. */
    g_string_set_size(lines.buffer, LINE_MAX_BYTES + 1);
    while ((line = ha_lines_next(&lines))) {
        reader.line = lines.line;
        read_line(&reader, line);
    }
    explicit_bzero(lines.buffer->str, lines.buffer->allocated_len);
    ha_lines_clear(&lines);
    /* Bytes that were no text at all already have their message. */
    if (length == 0 || reader.line > 0 || diags->errors == errors_before)
        check_whole(&reader);
    if (diags->errors > errors_before)
        ak_keys_clear(out);
    return diags->errors == errors_before;
}
