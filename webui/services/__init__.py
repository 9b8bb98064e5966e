"""What the application does, on plain arguments: no request, no HTTP."""
