A=#x
