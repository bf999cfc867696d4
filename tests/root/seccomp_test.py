"""The system call filter on a real kernel, as root: capabilities open nothing it closes."""
import seccomp_checks

seccomp_checks.main()
