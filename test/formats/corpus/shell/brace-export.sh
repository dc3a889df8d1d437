export A={a,b}
