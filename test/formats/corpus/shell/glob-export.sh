export A=*
