A='xy'
