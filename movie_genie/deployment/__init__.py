"""The server's process, the web app's build, and bringing a release into service."""
