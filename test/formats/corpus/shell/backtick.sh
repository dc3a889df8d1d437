A=`echo x`
