"""The operator's command line `careers`: main names the commands, each has a file of its own."""
