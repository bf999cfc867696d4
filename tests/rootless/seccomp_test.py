"""The system call filter on a real kernel, as an ordinary user."""
import seccomp_checks

seccomp_checks.main()
