"""What this package rests on: pins, what they need, licences, and the bill of materials."""
