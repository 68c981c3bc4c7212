"""Words for acts: drafts from phrases, a language model that colours them, guards, and a log to replay."""
