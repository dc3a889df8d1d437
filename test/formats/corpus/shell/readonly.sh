readonly A=1
