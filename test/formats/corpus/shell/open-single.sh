A='x
