A="say \"x\""
