/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * keyhunt PID TEXT: where in the memory of a process these bytes are, and those
 * that a digest keeps of such a key (each byte with 0x36, with 0x5c). A line per
 * mapping that has them: "dumped MAPPING" if a core file would have it, else
 * "hidden MAPPING".
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINE_BYTES 1024
/* What is larger is a sanitizer's, and mostly not there. */
#define MAPPING_MAX (1UL << 30)

static bool holds(const unsigned char *bytes, size_t length, const char *text, unsigned char with)
{
    size_t size = strlen(text);
    unsigned char wanted[256];

    if (size > sizeof wanted)
        return false;
    for (size_t i = 0; i < size; i++)
        wanted[i] = (unsigned char)text[i] ^ with;
    return memmem(bytes, length, wanted, size) != NULL;
}

static bool found_in(int memory, unsigned long from, unsigned long to, const char *text)
{
    size_t length = to - from;
    unsigned char *bytes = length <= MAPPING_MAX ? malloc(length) : NULL;
    bool found = false;

    if (bytes == NULL)
        return false;
    for (size_t at = 0; at < length; at += 4096) {
        ssize_t got = pread(memory, bytes + at, length - at < 4096 ? length - at : 4096, (off_t)(from + at));

        if (got < 4096)
            memset(bytes + at + (got > 0 ? got : 0), 0, 4096 - (size_t)(got > 0 ? got : 0));
    }
    found = holds(bytes, length, text, 0) || holds(bytes, length, text, 0x36) ||
            holds(bytes, length, text, 0x5c);
    free(bytes);
    return found;
}

int main(int argc, char **argv)
{
    char path[64], line[LINE_BYTES], mapping[LINE_BYTES] = "", rights[8];
    unsigned long from = 0, to = 0, a, b;
    FILE *maps;
    int memory;

    if (argc != 3)
        return 2;
    snprintf(path, sizeof path, "/proc/%s/smaps", argv[1]);
    maps = fopen(path, "re");
    snprintf(path, sizeof path, "/proc/%s/mem", argv[1]);
    memory = open(path, O_RDONLY | O_CLOEXEC);
    if (maps == NULL || memory < 0) {
        fprintf(stderr, "keyhunt: %s: %s\n", path, strerror(errno));
        return 2;
    }
    while (fgets(line, sizeof line, maps) != NULL) {
        if (sscanf(line, "%lx-%lx %7s", &a, &b, rights) == 3 && strchr(line, '-') < strchr(line, ' ')) {
            from = rights[0] == 'r' && to != b ? a : 0;
            to = b;
            snprintf(mapping, sizeof mapping, "%s", line);
            mapping[strcspn(mapping, "\n")] = '\0';
        } else if (strncmp(line, "VmFlags:", 8) == 0 && from != 0 && strstr(mapping, "[v") == NULL &&
                   found_in(memory, from, to, argv[2])) {
            printf("%s %s\n", strstr(line, " dd") != NULL ? "hidden" : "dumped", mapping);
        }
    }
    fclose(maps);
    close(memory);
    return 0;
}
