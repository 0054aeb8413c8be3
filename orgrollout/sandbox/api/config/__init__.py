"""AWS Config as the sandbox answers it: recorders, rules, remediations, aggregators."""
