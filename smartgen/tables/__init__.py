"""The paper's tables beside our records: declare, collect, compare, render."""
