"""``python -m marketmind_scheduler``: the same as the command ``marketmind-scheduler``."""

from marketmind_scheduler.entrypoints.commands.cli import NAME, main

if __name__ == "__main__":
    main(prog_name=NAME)
