"""AWS Config as the sandbox answers it: recorders, rules, evaluations, remediations, aggregators."""
