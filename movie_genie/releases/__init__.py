"""What a release is: its content, its manifest, its checks; publish, activate, roll back, prune, take up."""
