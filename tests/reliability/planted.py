"""Keys and passwords that stand where none may be seen."""

KEY = "sk-planted/Key+0123456789-ABCDEFGHIJ_klmnop"
SECRETS = {
    "OPENAI_API_KEY": KEY,
    "SMARTGEN_LLM_KEY": "lm-another+Planted/9876543210-zyxwvutsrq",
    "WANDB_API_KEY": "0123456789abcdef0123456789abcdef01234567",
}
BY_MISTAKE = "sk-typed-by-mistake-0192837465-QWERTZ"
CAPITALS = "AKIAIOSFODNN7EXAMPLE"  # of the form of AWS's keys, from its manuals
PASSWORD = "pl4nted-Pr0xy-Passw0rd"
