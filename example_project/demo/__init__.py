"""What makes the intranet a demonstration: people, their tickets, and the command."""
