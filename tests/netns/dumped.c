/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a core file of a process would tell of a secret.
 *
 *   dumped PID TEXT      exit 0 if TEXT is nowhere in what a core file of PID would have
 *   dumped -a PID TEXT   ... nowhere in what it may write to, to see that it can be found
 *
 * TEXT is also looked for as HMAC leaves it, each byte with 0x36 or 0x5c. The secret comes on
 * standard input, a line, if TEXT is "-".
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PIECE (1 << 20)

struct area {
    unsigned long from, to;
    bool writable, kept_out;
    char name[256];
};

static unsigned look(int memory, const struct area *area, const char *secret, size_t length)
{
    static const unsigned char masks[] = {0, 0x36, 0x5c};
    char *piece = malloc(PIECE + 4096), *masked = malloc(length);
    unsigned found = 0;

    for (unsigned long at = area->from; at < area->to; at += PIECE) {
        size_t want = area->to - at < PIECE + length ? area->to - at : PIECE + length;
        ssize_t got = pread(memory, piece, want, (off_t)at);

        for (size_t m = 0; got > 0 && m < sizeof(masks); m++) {
            for (size_t i = 0; i < length; i++)
                masked[i] = (char)(secret[i] ^ masks[m]);
            if (memmem(piece, (size_t)got, masked, length)) {
                printf("%lx-%lx %s: found (%#x)\n", area->from, area->to, area->name, masks[m]);
                found++;
            }
        }
    }
    free(masked);
    free(piece);
    return found;
}

int main(int argc, char **argv)
{
    bool all = argc == 4 && strcmp(argv[1], "-a") == 0;
    struct area area = {0};
    char path[64], line[512], secret[1024];
    unsigned found = 0;
    FILE *smaps;
    int memory;

    if (argc != 3 + all)
        return 2;
    snprintf(secret, sizeof(secret), "%s", argv[2 + all]);
    if (strcmp(secret, "-") == 0 && !fgets(secret, sizeof(secret), stdin))
        return 2;
    secret[strcspn(secret, "\n")] = '\0';
    snprintf(path, sizeof(path), "/proc/%s/smaps", argv[1 + all]);
    smaps = fopen(path, "r");
    snprintf(path, sizeof(path), "/proc/%s/mem", argv[1 + all]);
    memory = open(path, O_RDONLY);
    if (!smaps || memory < 0 || strlen(secret) < 4) {
        perror(path);
        return 2;
    }
    while (fgets(line, sizeof(line), smaps)) {
        char rights[8], name[256] = "";
        unsigned long from, to;

        if (sscanf(line, "%lx-%lx %7s %*s %*s %*s %255s", &from, &to, rights, name) >= 3 &&
            strlen(rights) == 4) {
            area.from = from;
            area.to = to;
            snprintf(area.name, sizeof(area.name), "%s", name[0] ? name : "anonymous");
            area.writable = rights[0] == 'r' && rights[1] == 'w';
        } else if (strncmp(line, "VmFlags:", 8) == 0) {
            area.kept_out = strstr(line, " dd") != NULL;
            if (area.writable && (all || !area.kept_out))
                found += look(memory, &area, secret, strlen(secret));
        }
    }
    fclose(smaps);
    close(memory);
    return found > 0;
}
