"""What runs and when: the study, the flows, the command line."""
