"""How every request is sent: clients, sessions, rates, repeats, errors."""
