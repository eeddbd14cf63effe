"""Coverage-guided fuzzing: one module per parser, with a function `one` that holds a law for any bytes."""
