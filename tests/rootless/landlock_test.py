"""The Landlock ruleset without mounts, as an ordinary user."""
import landlock_checks

landlock_checks.main()
