"""What is asked, as data: open-ended prompts, closed-ended question banks, acoustic descriptions of sound classes."""
