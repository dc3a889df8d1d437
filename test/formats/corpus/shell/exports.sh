#!/bin/sh
# set by hand
export A='x'
export B="y"
C=z
