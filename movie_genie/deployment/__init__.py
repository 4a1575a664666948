"""The server's process, the web app's build, and bringing a release into service.

Which app is served, and when, is said by its callers.
"""
