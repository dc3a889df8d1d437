if true; then A=1; fi
