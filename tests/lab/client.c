/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The lab's measuring client: what a user of the cluster sees, in numbers.
 *
 * It sends one HTTP request every few milliseconds, each on a TCP connection of its own with a
 * deadline of its own, so that one that hangs delays no other. Time is cut into events by whoever
 * drives it ("mark web2-dies"); per event it counts requests, answers and errors by kind, the
 * servers that answered and the longest time between two good answers; and by how much it was itself
 * held up, for on a machine that stands still all requests fail.
 *
 * It follows no redirect, resolves no name and knows just enough HTTP to tell a good answer (200,
 * complete) from any other. It depends on nothing but the C library, so that it can be linked
 * statically and costs one cheap exec.
 *
 *   client [-i MS] [-t MS] [-d MS] [-p PORTS] [-l FILE] -c FIFO -r FIFO ADDRESS PORT PATH
 *
 * every -i, for -t at most; the question follows the connection after -d; so many ports in turn.
 *
 * Commands, a line each on the first FIFO; each is answered by one line on the second:
 *   mark NAME              begin event NAME
 *   target ADDRESS PORT PATH   ask somebody else from now on
 *   now                    the figures of the current event
 *   report NAME            those of event NAME, as soon as its last request has ended
 *   quit                   stop asking, wait for what is in flight, print all events, exit
 * A request belongs to the event it was started in; a gap to the one it ends in, and one that is
 * still open also counts where it is asked for.
 */
#define _GNU_SOURCE /* strcasestr, ppoll */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { FLIGHT_MAX = 400, EVENT_MAX = 16384, SERVER_MAX = 16, ANSWER_MAX = 4096, NAME_MAX_LEN = 64,
       FIRST_PORT = 20000, LAST_PORT = 32000 /* below those that the kernel gives */ };

enum outcome { OK, REFUSED, RESET, TIMEOUT, BAD, LOCAL, OUTCOME_COUNT };
static const char *const outcome_name[OUTCOME_COUNT] = {
    [OK] = "ok",           [REFUSED] = "refused", [RESET] = "reset",
    [TIMEOUT] = "timeout", [BAD] = "bad",         [LOCAL] = "local",
};

struct tally {
    char name[NAME_MAX_LEN];
    unsigned count;
};

struct event {
    char name[NAME_MAX_LEN];
    uint64_t started_ns;
    uint64_t gap_ns;
    uint64_t late_ns; /* that we woke too late: the machine stood still */
    unsigned requests;
    unsigned in_flight;
    unsigned outcome[OUTCOME_COUNT];
    struct tally server[SERVER_MAX];
    unsigned server_count;
};

struct request {
    int fd; /* -1: this slot is free */
    bool sent;
    unsigned event;
    uint64_t started_ns;
    size_t got;
    char answer[ANSWER_MAX + 1];
};

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

struct target {
    union address address;
    socklen_t address_len;
    char question[512];
};

static struct request flight[FLIGHT_MAX];
static struct event events[EVENT_MAX];
static unsigned event_count, event_now;
static struct target target;
static uint64_t interval_ns = 20000000, deadline_ns = 1000000000, delay_ns;
static unsigned last_port = LAST_PORT;
static uint64_t last_ok_ns;
static unsigned streak; /* good answers in a row in this event */
static char last_server[NAME_MAX_LEN] = "-";
static FILE *log_file;
static int awaited = -1; /* event whose report is owed */
static bool quitting;
static volatile sig_atomic_t stop_asked;

static uint64_t now_ns(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static unsigned in_ms(uint64_t ns)
{
    return (unsigned)(ns / 1000000u);
}

/* Events -------------------------------------------------------------------------------------- */

static void close_gap(uint64_t now)
{
    struct event *event = &events[event_now];

    if (last_ok_ns != 0 && now - last_ok_ns > event->gap_ns)
        event->gap_ns = now - last_ok_ns;
}

static bool begin_event(const char *name, uint64_t now)
{
    if (event_count == EVENT_MAX)
        return false;
    if (event_count > 0)
        close_gap(now);
    event_now = event_count++;
    snprintf(events[event_now].name, NAME_MAX_LEN, "%s", name);
    events[event_now].started_ns = now;
    streak = 0;
    return true;
}

static int find_event(const char *name)
{
    for (unsigned i = event_count; i-- > 0;)
        if (strcmp(events[i].name, name) == 0)
            return (int)i;
    return -1;
}

static void count_server(struct event *event, const char *name)
{
    unsigned i;

    for (i = 0; i < event->server_count; i++)
        if (strcmp(event->server[i].name, name) == 0)
            break;
    if (i == SERVER_MAX)
        return;
    if (i == event->server_count) {
        snprintf(event->server[i].name, NAME_MAX_LEN, "%s", name);
        event->server_count++;
    }
    event->server[i].count++;
}

static void print_event(FILE *out, const struct event *event, uint64_t now)
{
    unsigned errors = 0;

    for (int i = OK + 1; i < OUTCOME_COUNT; i++)
        errors += event->outcome[i];
    fprintf(out, "event=%s requests=%u ok=%u errors=%u", event->name, event->requests,
            event->outcome[OK], errors);
    for (int i = OK + 1; i < OUTCOME_COUNT; i++)
        fprintf(out, " %s=%u", outcome_name[i], event->outcome[i]);
    fprintf(out, " gap_ms=%u late_ms=%u since_ok_ms=%u streak=%u last=%s servers=", in_ms(event->gap_ns),
            in_ms(event->late_ns), last_ok_ns ? in_ms(now - last_ok_ns) : 0, streak, last_server);
    for (unsigned i = 0; i < event->server_count; i++)
        fprintf(out, "%s%s:%u", i ? "," : "", event->server[i].name, event->server[i].count);
    fprintf(out, "%s\n", event->server_count ? "" : "-");
    fflush(out);
}

/* Requests ------------------------------------------------------------------------------------ */

/* Who answered: the header X-Served-By, or else the first word of the body. */
static void server_name(const char *answer, char *name)
{
    const char *from = strstr(answer, "\r\nX-Served-By: ");
    size_t len;

    if (from != NULL)
        from += strlen("\r\nX-Served-By: ");
    else if ((from = strstr(answer, "\r\n\r\n")) != NULL)
        from += strspn(from, "\r\n\t ");
    else
        from = "-";
    len = strcspn(from, "\r\n\t ,:");
    if (len >= NAME_MAX_LEN)
        len = NAME_MAX_LEN - 1;
    memcpy(name, from, len);
    name[len] = '\0';
    if (len == 0)
        strcpy(name, "-");
}

static void end_request(struct request *request, enum outcome outcome)
{
    struct event *event = &events[request->event];
    uint64_t now = now_ns();
    char name[NAME_MAX_LEN] = "-";

    if (request->fd >= 0)
        close(request->fd);
    request->fd = -1;
    event->in_flight--;
    event->outcome[outcome]++;
    if (outcome == OK) {
        server_name(request->answer, name);
        strcpy(last_server, name);
        count_server(event, name);
        close_gap(now);
        last_ok_ns = now;
        streak++;
    } else {
        streak = 0;
    }
    if (log_file != NULL)
        fprintf(log_file, "%.3f %s %.1f %s %s\n", (double)request->started_ns / 1e9, event->name,
                (double)(now - request->started_ns) / 1e6, outcome_name[outcome], name);
}

static enum outcome outcome_of(int error)
{
    switch (error) {
    case ECONNREFUSED:
        return REFUSED;
    case ECONNRESET:
    case EPIPE:
        return RESET;
    case ETIMEDOUT:
        return TIMEOUT;
    default:
        return LOCAL;
    }
}

/* A port that was not used lately. The kernel would give one again within seconds, and IPVS, which
 * remembers the connection that had it, send this one to the same server, or, if that is gone, nowhere. */
static void take_port(int fd)
{
    static unsigned last = FIRST_PORT;
    union address from = {.any.sa_family = target.address.any.sa_family};

    for (int tries = 0; tries < 100; tries++) {
        last = last < last_port ? last + 1 : FIRST_PORT;
        if (from.any.sa_family == AF_INET6)
            from.v6.sin6_port = htons((uint16_t)last);
        else
            from.v4.sin_port = htons((uint16_t)last);
        if (bind(fd, &from.any, target.address_len) == 0 || errno != EADDRINUSE)
            return;
    }
}

static void start_request(uint64_t now)
{
    struct request *request = NULL;
    struct event *event = &events[event_now];

    for (int i = 0; i < FLIGHT_MAX && request == NULL; i++)
        if (flight[i].fd < 0)
            request = &flight[i];
    event->requests++;
    if (request == NULL) { /* interval times deadline ask for more than we hold */
        event->outcome[LOCAL]++;
        return;
    }
    event->in_flight++;
    *request = (struct request){.fd = -1, .event = event_now, .started_ns = now};
    request->fd = socket(target.address.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (request->fd >= 0)
        take_port(request->fd);
    if (request->fd < 0)
        end_request(request, LOCAL);
    else if (connect(request->fd, &target.address.any, target.address_len) < 0 &&
             errno != EINPROGRESS)
        end_request(request, outcome_of(errno));
}

/* A 200 whose body is as long as promised; with no promise, whatever came before the end. */
static bool good_answer(const struct request *request)
{
    const char *body = strstr(request->answer, "\r\n\r\n");
    const char *length = strcasestr(request->answer, "\r\nContent-Length:");

    if (body == NULL || strncmp(request->answer, "HTTP/1.", 7) != 0 ||
        strncmp(request->answer + 8, " 200", 4) != 0)
        return false;
    if (length == NULL || length > body)
        return true;
    return request->got - (size_t)(body + 4 - request->answer) >=
           strtoul(length + strlen("\r\nContent-Length:"), NULL, 10);
}

static void request_writable(struct request *request)
{
    int error = 0;
    socklen_t len = sizeof(error);
    size_t want = strlen(target.question);

    getsockopt(request->fd, SOL_SOCKET, SO_ERROR, &error, &len);
    if (error != 0)
        end_request(request, outcome_of(error));
    else if (send(request->fd, target.question, want, MSG_NOSIGNAL) != (ssize_t)want)
        end_request(request, outcome_of(errno)); /* far below any socket buffer: never partial */
    else
        request->sent = true;
}

static void request_readable(struct request *request)
{
    ssize_t n = recv(request->fd, request->answer + request->got, ANSWER_MAX - request->got, 0);

    if (n < 0) {
        if (errno != EAGAIN && errno != EINTR)
            end_request(request, outcome_of(errno));
        return;
    }
    request->got += (size_t)n;
    request->answer[request->got] = '\0';
    if (n == 0 || request->got == ANSWER_MAX)
        end_request(request, good_answer(request) ? OK : BAD);
}

static void end_late_requests(uint64_t now)
{
    for (int i = 0; i < FLIGHT_MAX; i++)
        if (flight[i].fd >= 0 && now - flight[i].started_ns >= deadline_ns)
            end_request(&flight[i], TIMEOUT);
}

/* Commands ------------------------------------------------------------------------------------ */

static bool set_target(const char *address, const char *port, const char *path)
{
    struct target wanted = {0};
    uint16_t number = htons((uint16_t)atoi(port));
    bool v6 = strchr(address, ':') != NULL;

    if (inet_pton(AF_INET, address, &wanted.address.v4.sin_addr) == 1) {
        wanted.address.v4.sin_family = AF_INET;
        wanted.address.v4.sin_port = number;
        wanted.address_len = sizeof(wanted.address.v4);
    } else if (inet_pton(AF_INET6, address, &wanted.address.v6.sin6_addr) == 1) {
        wanted.address.v6.sin6_family = AF_INET6;
        wanted.address.v6.sin6_port = number;
        wanted.address_len = sizeof(wanted.address.v6);
    } else {
        return false;
    }
    snprintf(wanted.question, sizeof(wanted.question),
             "GET /%s HTTP/1.0\r\nHost: %s%s%s\r\nUser-Agent: lab-client\r\n\r\n",
             path[0] == '/' ? path + 1 : path, v6 ? "[" : "", address, v6 ? "]" : "");
    target = wanted;
    return true;
}

static void obey(char *line, FILE *reply)
{
    uint64_t now = now_ns();
    char *rest = line;
    char *word[4] = {NULL};
    int found;

    for (int i = 0; i < 4 && (word[i] = strsep(&rest, " ")) != NULL; i++)
        ;
    if (strcmp(word[0], "mark") == 0 && word[1] != NULL) {
        fprintf(reply, begin_event(word[1], now) ? "ok\n" : "error=too-many-events\n");
    } else if (strcmp(word[0], "target") == 0 && word[3] != NULL) {
        fprintf(reply, set_target(word[1], word[2], word[3]) ? "ok\n" : "error=bad-address\n");
        streak = 0;
        last_ok_ns = 0; /* a gap is one service's, not that between two */
    } else if (strcmp(word[0], "now") == 0) {
        struct event copy = events[event_now];

        if (last_ok_ns != 0 && now - last_ok_ns > copy.gap_ns)
            copy.gap_ns = now - last_ok_ns;
        print_event(reply, &copy, now);
    } else if (strcmp(word[0], "report") == 0 && word[1] != NULL) {
        found = find_event(word[1]);
        if (found < 0)
            fprintf(reply, "error=no-such-event\n");
        else
            awaited = found;
    } else if (strcmp(word[0], "quit") == 0) {
        quitting = true;
    } else {
        fprintf(reply, "error=what\n");
    }
    fflush(reply);
}

static void read_commands(int fd, FILE *reply)
{
    static char text[4096];
    static size_t len;
    char *end;
    ssize_t n = read(fd, text + len, sizeof(text) - 1 - len);

    if (n <= 0)
        return;
    len += (size_t)n;
    text[len] = '\0';
    while ((end = strchr(text, '\n')) != NULL) {
        *end = '\0';
        obey(text, reply);
        len -= (size_t)(end + 1 - text);
        memmove(text, end + 1, len + 1);
    }
    if (len == sizeof(text) - 1)
        len = 0; /* a line nobody would send */
}

/* The loop ------------------------------------------------------------------------------------ */

static unsigned in_flight(void)
{
    unsigned count = 0;

    for (unsigned i = 0; i < event_count; i++)
        count += events[i].in_flight;
    return count;
}

static void note_lateness(uint64_t due_ns)
{
    struct event *event = &events[event_now];
    uint64_t now = now_ns();

    if (now > due_ns && now - due_ns > event->late_ns)
        event->late_ns = now - due_ns;
}

/* Whose question is not due yet is not looked at; the next request wakes us soon enough. */
static short awaits(const struct request *request, uint64_t now)
{
    if (request->sent)
        return POLLIN;
    return now - request->started_ns >= delay_ns ? POLLOUT : 0;
}

static void wait_and_serve(int commands, FILE *reply, uint64_t wake_ns)
{
    static struct pollfd poll_fd[FLIGHT_MAX + 1];
    static struct request *owner[FLIGHT_MAX + 1];
    nfds_t count = 1;
    uint64_t now = now_ns();
    uint64_t sleep_ns = wake_ns > now ? wake_ns - now : 0;
    struct timespec timeout;
    int ready;

    poll_fd[0] = (struct pollfd){.fd = commands, .events = POLLIN};
    for (int i = 0; i < FLIGHT_MAX; i++) {
        if (flight[i].fd < 0)
            continue;
        owner[count] = &flight[i];
        poll_fd[count++] = (struct pollfd){.fd = flight[i].fd, .events = awaits(&flight[i], now)};
        if (flight[i].started_ns + deadline_ns < now + sleep_ns)
            sleep_ns = flight[i].started_ns + deadline_ns > now
                           ? flight[i].started_ns + deadline_ns - now : 0;
    }
    timeout.tv_sec = (time_t)(sleep_ns / 1000000000u);
    timeout.tv_nsec = (long)(sleep_ns % 1000000000u);
    ready = ppoll(poll_fd, count, &timeout, NULL);
    note_lateness(now + sleep_ns);
    if (ready > 0) {
        for (nfds_t i = 1; i < count; i++) {
            if (poll_fd[i].revents == 0)
                continue;
            if (owner[i]->sent)
                request_readable(owner[i]);
            else
                request_writable(owner[i]);
        }
        if (poll_fd[0].revents & POLLIN)
            read_commands(commands, reply);
    }
    end_late_requests(now_ns());
}

static void run(int commands, FILE *reply)
{
    uint64_t next_ns = now_ns();

    while (!(quitting && in_flight() == 0)) {
        uint64_t now = now_ns();

        quitting |= stop_asked;
        if (now >= next_ns && !quitting) {
            start_request(now);
            next_ns += interval_ns;
            if (next_ns + 10 * interval_ns < now)
                next_ns = now; /* we were held up: do not make up for it in one burst */
        }
        wait_and_serve(commands, reply, quitting ? now + deadline_ns : next_ns);
        if (awaited >= 0 && events[awaited].in_flight == 0) {
            print_event(reply, &events[awaited], now_ns());
            awaited = -1;
        }
    }
    close_gap(now_ns());
    for (unsigned i = 0; i < event_count; i++)
        print_event(stdout, &events[i], now_ns());
}

static void on_stop(int signal_number)
{
    (void)signal_number;
    stop_asked = 1;
}

static int usage(void)
{
    fprintf(stderr, "usage: client [-i MS] [-t MS] [-d MS] [-p PORTS] [-l FILE] -c FIFO -r FIFO ADDRESS PORT PATH\n");
    return 2;
}

int main(int argc, char **argv)
{
    const char *command_path = NULL, *reply_path = NULL;
    int commands, replies, option;
    FILE *reply;

    while ((option = getopt(argc, argv, "i:t:d:p:l:c:r:")) != -1) {
        if (option == 'i')
            interval_ns = (uint64_t)atoi(optarg) * 1000000u;
        else if (option == 't')
            deadline_ns = (uint64_t)atoi(optarg) * 1000000u;
        else if (option == 'd')
            delay_ns = (uint64_t)atoi(optarg) * 1000000u;
        else if (option == 'p' && atoi(optarg) > 0 && FIRST_PORT + atoi(optarg) <= LAST_PORT)
            last_port = FIRST_PORT + (unsigned)atoi(optarg);
        else if (option == 'l')
            log_file = fopen(optarg, "we");
        else if (option == 'c')
            command_path = optarg;
        else if (option == 'r')
            reply_path = optarg;
        else
            return usage();
    }
    if (argc - optind != 3 || command_path == NULL || reply_path == NULL || interval_ns == 0 ||
        !set_target(argv[optind], argv[optind + 1], argv[optind + 2]))
        return usage();
    commands = open(command_path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    replies = open(reply_path, O_RDWR | O_CLOEXEC);
    if (commands < 0 || replies < 0 || (reply = fdopen(replies, "w")) == NULL) {
        perror("client: fifo");
        return 1;
    }
    for (int i = 0; i < FLIGHT_MAX; i++)
        flight[i].fd = -1;
    signal(SIGTERM, on_stop);
    signal(SIGINT, on_stop);
    signal(SIGPIPE, SIG_IGN);
    begin_event("start", now_ns());
    run(commands, reply);
    if (log_file != NULL)
        fclose(log_file);
    return 0;
}
