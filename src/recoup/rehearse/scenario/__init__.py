"""What a country is like: a scenario in TOML, each number with a unit and a source, and its JSON Schema."""
