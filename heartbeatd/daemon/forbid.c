/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A filter in the kernel's own language: a list of numbers, each of which leads
 * to a refusal, and one call whose first argument is looked at.
 */
#include "heartbeatd/daemon/forbid.h"

#include <errno.h>
#include <glib.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined __x86_64__
#define OUR_MACHINE AUDIT_ARCH_X86_64
#elif defined __aarch64__
#define OUR_MACHINE AUDIT_ARCH_AARCH64
#endif

/* The other way to number system calls on x86_64. */
#define X32_BIT 0x40000000U

static const unsigned forbidden[] = {
#ifndef __SANITIZE_ADDRESS__
    SYS_ptrace, /* which looks for leaks with it */
#endif
    SYS_execve, SYS_execveat, SYS_process_vm_readv, SYS_process_vm_writev,
    SYS_mount, SYS_umount2, SYS_pivot_root, SYS_chroot, SYS_setns, SYS_unshare,
    SYS_init_module, SYS_finit_module, SYS_delete_module, SYS_kexec_load, SYS_bpf,
    SYS_perf_event_open, SYS_keyctl, SYS_add_key, SYS_request_key, SYS_userfaultfd,
    SYS_open_by_handle_at, SYS_name_to_handle_at, SYS_reboot, SYS_swapon, SYS_swapoff, SYS_acct,
    SYS_settimeofday, SYS_clock_settime, SYS_clock_adjtime, SYS_adjtimex, SYS_sethostname,
    SYS_setdomainname, SYS_personality, SYS_syslog, SYS_quotactl, SYS_setuid, SYS_setgid,
    SYS_setreuid, SYS_setregid, SYS_setresuid, SYS_setresgid, SYS_setgroups, SYS_setfsuid,
    SYS_setfsgid, SYS_capset, SYS_kcmp,
#ifdef SYS_kexec_file_load
    SYS_kexec_file_load,
#endif
#ifdef SYS_io_uring_setup
    SYS_io_uring_setup, SYS_io_uring_enter, SYS_io_uring_register,
#endif
#ifdef SYS_fsopen
    SYS_open_tree, SYS_move_mount, SYS_fsopen, SYS_fsconfig, SYS_fsmount, SYS_fspick,
#endif
#ifdef SYS_mount_setattr
    SYS_mount_setattr,
#endif
#ifdef SYS_pidfd_getfd
    SYS_pidfd_getfd,
#endif
#ifdef SYS_iopl
    SYS_iopl, SYS_ioperm,
#endif
};

static const unsigned families[] = {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK, AF_PACKET};

#ifdef OUR_MACHINE
static void add(GArray *code, struct sock_filter one)
{
    g_array_append_val(code, one);
}

static void load(GArray *code, size_t offset)
{
    add(code, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (unsigned)offset));
}

static void answer(GArray *code, unsigned what)
{
    add(code, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, what));
}

/* Jumps are short, so each number has its refusal right behind it. */
static void write_filter(GArray *code)
{
    const unsigned refused = SECCOMP_RET_ERRNO | EPERM;

    load(code, offsetof(struct seccomp_data, arch));
    add(code, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, OUR_MACHINE, 1, 0));
    answer(code, refused);
    load(code, offsetof(struct seccomp_data, nr));
    add(code, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, X32_BIT, 0, 1));
    answer(code, refused);
    for (size_t i = 0; i < G_N_ELEMENTS(forbidden); i++) {
        add(code, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, forbidden[i], 0, 1));
        answer(code, refused);
    }
    add(code, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 1, 0));
    answer(code, SECCOMP_RET_ALLOW);
    load(code, offsetof(struct seccomp_data, args[0]));
    for (size_t i = 0; i < G_N_ELEMENTS(families); i++) {
        add(code, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, families[i], 0, 1));
        answer(code, SECCOMP_RET_ALLOW);
    }
    answer(code, refused);
}

int hb_forbid(void)
{
    GArray *code = g_array_new(FALSE, FALSE, sizeof(struct sock_filter));
    struct sock_fprog program;
    int error = 0;

    write_filter(code);
    program = (struct sock_fprog){.len = (unsigned short)code->len,
                                  .filter = (struct sock_filter *)(void *)code->data};
    /* No mitigation that slows all else down; kernels that do not know the flag say so. */
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_SPEC_ALLOW, &program) < 0 &&
        (errno != EINVAL || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) < 0))
        error = -errno;
    g_array_free(code, TRUE);
    return error;
}
#else
int hb_forbid(void)
{
    (void)forbidden;
    (void)families;
    return -ENOSYS;
}
#endif
