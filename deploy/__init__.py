"""What an operator runs: `careers` is the command line, `local` the servers of one machine without Docker."""
