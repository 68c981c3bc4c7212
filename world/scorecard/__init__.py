"""The scorecard: what this world measures to, beside a baseline, the range that is accepted and where that is from."""
