A={a,b}
