"""The Landlock ruleset without mounts, as root."""
import landlock_checks

landlock_checks.main()
