# SPDX-License-Identifier: GPL-2.0-or-later
#
# The third machine for a lab: QEMU emulating a whole PC with Debian's own kernel, no KVM needed.
# About as fast as User-Mode Linux, and with the full address space that AddressSanitizer wants and
# User-Mode Linux (512 GB) has not. This machine's files are its root, read-only, over 9p.
#
# Sourced by "run", after machine.sh; uses its settings.

# The modules that mount the root, in the order they need one another.
qemu_boot_modules='virtio_ring virtio virtio_pci_modern_dev virtio_pci_legacy_dev virtio_pci
    netfs fscache 9pnet 9pnet_virtio 9p'

qemu_kernel_dir() { echo "$(dirname "$tools")/kernel"; }

# A first root file system: busybox and these modules, just enough to mount the real one.
qemu_initrd() {
    local kernel=$1 image=$2 tree=$3 module
    mkdir -p "$tree"/{bin,mod,proc,new}
    cp "$kernel/usr/bin/busybox" "$tree/bin/"
    for module in $qemu_boot_modules; do
        find "$kernel/usr/lib/modules" -name "$module.ko" -exec cp {} "$tree/mod/" \;
    done
    {
        echo '#!/bin/busybox sh'
        echo '/bin/busybox mount -t proc proc /proc'
        for module in $qemu_boot_modules; do
            echo "/bin/busybox insmod /mod/$module.ko"
        done
        echo '/bin/busybox mount -t 9p -o trans=virtio,version=9p2000.L,msize=262144,ro,cache=loose root /new'
        echo 'set -- $(/bin/busybox cat /proc/cmdline)'
        echo 'for word; do case $word in lab_*=*) export "$word" ;; esac; done'
        echo 'exec /bin/busybox switch_root /new "$lab_init"'
    } >"$tree/init"
    chmod +x "$tree/init"
    (cd "$tree" && find . | cpio -o -H newc --quiet) >"$image"
}

machine_start_qemu() {
    local scenario=$1 folder=$2 kernel image
    local input=/dev/null
    [[ $shell != yes ]] || input=/dev/stdin
    kernel=$(qemu_kernel_dir)
    qemu_initrd "$kernel" "$folder/.lab/initrd" "$folder/.lab/initrd.d"
    {
        printf '%s=%q\n' host_here "$here" host_top "$top" host_stage "$stage" host_peer "$peer" \
            host_tools "$tools" host_client "$client" host_programs "$programs" \
            host_scenario "$scenario" host_kernel "$kernel"
        machine_env qemu /mnt/lab/src/tests/lab /mnt/lab/scratch /mnt/lab/out /mnt/lab
    } >"$folder/.lab/env"
    image=$(echo "$kernel"/boot/vmlinuz-*)
    setpriv --pdeathsig TERM timeout --foreground -k 5 $((bound_used + 30)) \
        setpriv --pdeathsig TERM qemu-system-x86_64 -accel tcg -cpu max -smp 2 -m 2048 \
        -nographic -nodefaults -no-reboot -serial stdio -kernel "$image" \
        -initrd "$folder/.lab/initrd" \
        -append "console=ttyS0 quiet loglevel=2 panic=-1 lab_init=$here/qemu-init lab_env=$folder/.lab/env" \
        -virtfs local,path=/,mount_tag=root,security_model=none,readonly=on,multidevs=remap \
        -virtfs "local,path=$folder,mount_tag=out,security_model=none,multidevs=remap" \
        <"$input" 2>"$folder/stderr" > >(sed -u 's/\r$//;/SeaBIOS\|Booting from\|reboot: \|sysrq: /d;s/^\x1bc.*//') &
    machine_pid=$!
    machine_signal=TERM
}
