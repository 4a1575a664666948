"""The two-stage engine and its releases. Framework-free: knows no Flask, no torch, no database."""
