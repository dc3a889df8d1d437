A=$(echo x)
