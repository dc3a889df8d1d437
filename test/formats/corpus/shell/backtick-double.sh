A="`echo x`"
