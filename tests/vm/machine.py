"""One emulated machine: a Debian kernel, the root, a folder it sees read-only as /share, and the job it finds there.

Emulated (tcg) also where there is a /dev/kvm: the same everywhere, and nested KVM hangs these kernels. The processor is an
old one: what newer ones have for speed (AVX, five levels of pages) is slower where it is emulated, by a tenth.
"""
import os
import subprocess
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
# Without what makes an emulated machine slow: mitigations, a console that is written to, the root's checks.
KERNEL_LINE = ("console=ttyS0 loglevel=4 mitigations=off nokaslr audit=0 no_timer_check tsc=reliable random.trust_cpu=on "
               "systemd.show_status=0 fsck.mode=skip panic=-1")
STARTED = "start: the machine has started"
MOST_STARTS = 4


def images(*names):
    """The folders that hold them, made if need be."""
    made = subprocess.run([os.path.join(HERE, "images"), *names], stdout=subprocess.PIPE, text=True, check=True)
    return made.stdout.split()


def port(name, backend):
    return ["-chardev", f"{backend},id={name}", "-device", f"virtserialport,chardev={name},name={name}"]


def emulator(kernel, share, folder, kernel_line):
    """The command that is the machine. Its output is the job's; it writes folder/status and folder/console."""
    kernel_folder, root_folder = images(kernel, "root")
    return [
        "qemu-system-x86_64", "-machine", "pc,accel=tcg", "-cpu", "Nehalem", "-smp", "2", "-m", "2048",
        "-nodefaults", "-no-user-config", "-no-reboot", "-display", "none", "-serial", f"file:{folder}/console",
        "-kernel", f"{kernel_folder}/vmlinux", "-initrd", f"{kernel_folder}/initrd",
        "-append", f"{KERNEL_LINE} {kernel_line}",
        "-drive", f"file={root_folder}/root.img,format=raw,if=virtio,snapshot=on,cache=unsafe",
        "-virtfs", f"local,path={share},mount_tag=share,security_model=none,readonly=on,multidevs=remap",
        "-device", "virtio-rng-pci", "-device", "virtio-serial-pci",
        *port("output", "stdio,signal=off"), *port("status", f"file,path={folder}/status"),
    ]


def read(path):
    try:
        with open(path, errors="backslashreplace") as file:
            return file.read()
    except FileNotFoundError:
        return ""


def wait_for_status(machine, path, seconds):
    """The job's exit status; None where the machine ended or the time was over before it told one."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        told = read(path)
        if told.endswith("\n"):
            return int(told)
        if machine.poll() is not None:
            return None
        time.sleep(0.1)
    return None


def run_job(kernel, share, output, seconds, kernel_line=""):
    """Boots, runs the job with its output going to the file `output`, ends the machine. (status or None, console).

    Once in a while, where there is much else to do, a processor of an emulated machine runs an instruction that the other
    is just replacing, as kernels do while they start: it panics, and is started again. Later panics are results.
    """
    for _ in range(MOST_STARTS):
        status, console = run_once(kernel, share, output, seconds, kernel_line)
        if "Kernel panic" not in console or STARTED in console:
            break
    return status, console


def run_once(kernel, share, output, seconds, kernel_line):
    with tempfile.TemporaryDirectory(prefix="snug-vm.") as folder:
        # Its standard input stays open: at its end the port for output would be taken for hung up.
        machine = subprocess.Popen(emulator(kernel, share, folder, kernel_line), stdin=subprocess.PIPE, stdout=output)
        try:
            return wait_for_status(machine, f"{folder}/status", seconds), read(f"{folder}/console")
        finally:
            machine.kill()
            machine.wait()
