A='$x `y` \n "z"'
